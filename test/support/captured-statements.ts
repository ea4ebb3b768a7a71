// Every distinct statement that the official command line 1.7.12 and the web UI of the reference server
// 1.7.12 send. Ids and times are examples; whoever runs a statement puts real ones in their place.

export interface CapturedStatement {
  /** The form that the client asks for. */
  readonly accept: 'json' | 'arrow';
  readonly sql: string;
}

export const CAPTURED_STATEMENTS: readonly CapturedStatement[] = [
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) AS inv_count
            FROM sys_invocation_status
            WHERE pinned_deployment_id = 'dp_101OkMBWNDZtrXIIJsOtasp' AND status != 'completed'`,
  },
  {
    accept: 'json',
    sql: `SELECT
                target_service_name,
                target_handler_name,
                'pending' as status,
                COUNT(1) as num_invocations,
                MIN(created_at) as oldest_at,
                FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
             FROM sys_invocation_status
             WHERE status == 'inboxed' AND target_service_name IN ('Fake','Greeter','Signup','Counter')
             GROUP BY target_service_name, target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
    target_service_name,
    target_handler_name,
    status,
    COUNT(1) as num_invocations,
    MIN(created_at) as oldest_at,
    FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
FROM sys_invocation
WHERE target_service_name IN ('Fake','Greeter','Signup','Counter')
GROUP BY target_service_name, target_handler_name, status
ORDER BY target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
                service_name,
                service_key,
                COUNT(1) as num_pending
             FROM sys_inbox
             WHERE service_name IN ('Signup','Counter')
             GROUP BY service_name, service_key
             ORDER BY num_pending DESC`,
  },
  {
    accept: 'json',
    sql: `SELECT
    target_service_name as service_name,
    target_service_key as service_key,
    status as invocation_status,
    first_value(id) as invocation_holding_lock,
    first_value(target_handler_name) as invocation_method_holding_lock,
    first_value(created_at) as invocation_created_at,
    first_value(modified_at) as modified_at,
    first_value(pinned_deployment_id) as pinned_deployment_id,
    first_value(last_attempt_deployment_id) as last_attempt_deployment_id,
    first_value(last_failure) as last_failure_message,
    first_value(next_retry_at) as next_retry_at,
    first_value(last_start_at) as last_start_at,
    0 as num_pending,
    sum(retry_count) as num_retries
FROM sys_invocation
WHERE status != 'pending' AND target_service_name IN ('Signup','Counter')
GROUP BY target_service_name, target_service_key, status`,
  },
  {
    accept: 'json',
    sql: `SELECT
                target_service_name,
                target_handler_name,
                'pending' as status,
                COUNT(1) as num_invocations,
                MIN(created_at) as oldest_at,
                FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
             FROM sys_invocation_status
             WHERE status == 'inboxed' AND target_service_name IN ('Greeter')
             GROUP BY target_service_name, target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
    target_service_name,
    target_handler_name,
    status,
    COUNT(1) as num_invocations,
    MIN(created_at) as oldest_at,
    FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
FROM sys_invocation
WHERE target_service_name IN ('Greeter')
GROUP BY target_service_name, target_handler_name, status
ORDER BY target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE inv.target_service_name = 'Greeter'
        ORDER BY inv.created_at DESC, inv.id
        LIMIT 5`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE inv.target_service_name = 'Greeter' AND inv.id in ('inv_18TAaLGUoQvK1VHiobaKU6DTr2XXJSuOtz','inv_18TAaLGUoQvK7k9Tq2g2A6sCHKaYZUBBYJ','inv_1180LdU4NiLL1KdSKLZQhHzCGPXnly2Fi9')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'json',
    sql: `SELECT
                target_service_name,
                target_handler_name,
                'pending' as status,
                COUNT(1) as num_invocations,
                MIN(created_at) as oldest_at,
                FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
             FROM sys_invocation_status
             WHERE status == 'inboxed' AND target_service_name IN ('Counter')
             GROUP BY target_service_name, target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
    target_service_name,
    target_handler_name,
    status,
    COUNT(1) as num_invocations,
    MIN(created_at) as oldest_at,
    FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation
FROM sys_invocation
WHERE target_service_name IN ('Counter')
GROUP BY target_service_name, target_handler_name, status
ORDER BY target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE inv.target_service_name = 'Counter'
        ORDER BY inv.created_at DESC, inv.id
        LIMIT 5`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE inv.target_service_name = 'Counter' AND inv.id in ('inv_10SHxgluLUdD3FpVZoHq2mhYbFPij89oZ3','inv_10SHxgluLUdD5m8hlo01ZDRRR2hJgFSsVz','inv_1foAirY4KKzi0sX1KX2HuNYxAG2eU0widj')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'json',
    sql: `SELECT
                service_name,
                service_key,
                COUNT(1) as num_pending
             FROM sys_inbox
             WHERE service_name IN ('Counter')
             GROUP BY service_name, service_key
             ORDER BY num_pending DESC`,
  },
  {
    accept: 'json',
    sql: `SELECT
    target_service_name as service_name,
    target_service_key as service_key,
    status as invocation_status,
    first_value(id) as invocation_holding_lock,
    first_value(target_handler_name) as invocation_method_holding_lock,
    first_value(created_at) as invocation_created_at,
    first_value(modified_at) as modified_at,
    first_value(pinned_deployment_id) as pinned_deployment_id,
    first_value(last_attempt_deployment_id) as last_attempt_deployment_id,
    first_value(last_failure) as last_failure_message,
    first_value(next_retry_at) as next_retry_at,
    first_value(last_start_at) as last_start_at,
    0 as num_pending,
    sum(retry_count) as num_retries
FROM sys_invocation
WHERE status != 'pending' AND target_service_name IN ('Counter')
GROUP BY target_service_name, target_service_key, status`,
  },
  {
    accept: 'json',
    sql: `SELECT
            target_service_name as service,
            target_handler_name as handler,
            COUNT(1) AS inv_count
            FROM sys_invocation_status
            WHERE pinned_deployment_id = 'dp_131hKCXulu6fAagSRscIcvL' AND status != 'completed'
            GROUP BY pinned_deployment_id, target_service_name, target_handler_name`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE status != 'completed'
        ORDER BY inv.created_at DESC, inv.id
        LIMIT 100`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) FROM (SELECT
            *
        FROM sys_invocation inv
        LIMIT 50000
        )
        WHERE status != 'completed'`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE status != 'completed' AND inv.id in ('inv_1foAirY4KKzi0sX1KX2HuNYxAG2eU0widj','inv_1foAirY4KKzi4f4VDEJyGDAe4xlBDP648x','inv_1foAirY4KKzi2sWJQ6FKiRFcxgIrTOSEFz')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv

        ORDER BY inv.created_at DESC, inv.id
        LIMIT 100`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) FROM (SELECT
            *
        FROM sys_invocation inv
        LIMIT 50000
        )`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE inv.id in ('inv_18TAaLGUoQvK1VHiobaKU6DTr2XXJSuOtz','inv_18TAaLGUoQvK7k9Tq2g2A6sCHKaYZUBBYJ','inv_1180LdU4NiLL1KdSKLZQhHzCGPXnly2Fi9')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) FROM (SELECT
            *
        FROM sys_invocation inv
        LIMIT 50000
        )
        WHERE inv.target_service_name IN ('Counter') AND inv.target_handler_name IN ('add') AND status IN ('completed','pending')`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE inv.target_service_name IN ('Counter') AND inv.target_handler_name IN ('add') AND status IN ('completed','pending')
        ORDER BY inv.created_at DESC, inv.id
        LIMIT 3`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE inv.target_service_name IN ('Counter') AND inv.target_handler_name IN ('add') AND status IN ('completed','pending') AND inv.id in ('inv_10SHxgluLUdD3FpVZoHq2mhYbFPij89oZ3','inv_10SHxgluLUdD5m8hlo01ZDRRR2hJgFSsVz','inv_1foAirY4KKzi0sX1KX2HuNYxAG2eU0widj')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) FROM (SELECT
            *
        FROM sys_invocation inv
        LIMIT 50000
        )
        WHERE (inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from sys_deployment)) AND (inv.pinned_deployment_id IN ('dp_131hKCXulu6fAagSRscIcvL') OR inv.last_attempt_deployment_id IN ('dp_131hKCXulu6fAagSRscIcvL')) AND status != 'completed'`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE (inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from sys_deployment)) AND (inv.pinned_deployment_id IN ('dp_131hKCXulu6fAagSRscIcvL') OR inv.last_attempt_deployment_id IN ('dp_131hKCXulu6fAagSRscIcvL')) AND status != 'completed'
        ORDER BY inv.created_at ASC, inv.id
        LIMIT 100`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) FROM (SELECT
            *
        FROM sys_invocation inv
        LIMIT 50000
        )
        WHERE inv.target_service_key IN ('k1') AND inv.target_service_name IN (select name from sys_service where ty = 'virtual_object') AND status != 'completed'`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE inv.target_service_key IN ('k1') AND inv.target_service_name IN (select name from sys_service where ty = 'virtual_object') AND status != 'completed'
        ORDER BY inv.created_at DESC, inv.id
        LIMIT 100`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE inv.target_service_key IN ('k1') AND inv.target_service_name IN (select name from sys_service where ty = 'virtual_object') AND status != 'completed' AND inv.id in ('inv_1foAirY4KKzi0sX1KX2HuNYxAG2eU0widj','inv_1foAirY4KKzi4f4VDEJyGDAe4xlBDP648x','inv_1foAirY4KKzi2sWJQ6FKiRFcxgIrTOSEFz')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE inv.id = 'inv_1eoQf42t7hhP3VT9MFjaCdtIuINEi3G5sU'

        LIMIT 1`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE inv.id = 'inv_1eoQf42t7hhP3VT9MFjaCdtIuINEi3G5sU' AND inv.id in ('inv_1eoQf42t7hhP3VT9MFjaCdtIuINEi3G5sU')`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(*) FROM information_schema.columns
            WHERE
                table_name = 'sys_journal'
                AND column_name IN ('promise_name')`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(*) FROM information_schema.columns
            WHERE
                table_name = 'sys_journal'
                AND column_name IN ('version', 'entry_json', 'appended_at')`,
  },
  {
    accept: 'json',
    sql: `SELECT
            sj.index,
            sj.entry_type,
            sj.completed,
            sj.invoked_id,
            sj.invoked_target,
            sj.sleep_wakeup_at,
            sj.name,
            sj.promise_name,
            sj.version, sj.entry_json, sj.appended_at
        FROM sys_journal sj
        WHERE
            sj.id = 'inv_1eoQf42t7hhP3VT9MFjaCdtIuINEi3G5sU'
        ORDER BY index DESC
        LIMIT 100`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE ((target = 'Greeter/retrying' AND target_service_ty = 'service') OR (target LIKE 'Greeter/retrying/%' AND target_service_ty != 'service')) AND status IN ('invoked', 'suspended') LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE id = 'inv_18zTykRicvjg2FITqA6CDSDXMM4SpmGcvl' AND status != 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE ((target = 'Greeter/awk' AND target_service_ty = 'service') OR (target LIKE 'Greeter/awk/%' AND target_service_ty != 'service')) AND status != 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE id = 'inv_1eoQf42t7hhP3VT9MFjaCdtIuINEi3G5sU' AND status = 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE ((target = 'Greeter/fail' AND target_service_ty = 'service') OR (target LIKE 'Greeter/fail/%' AND target_service_ty != 'service')) AND status = 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE ((target = 'Counter/k1' AND target_service_ty = 'service') OR (target LIKE 'Counter/k1/%' AND target_service_ty != 'service')) AND status != 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE target LIKE 'nope/%' AND status != 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE target LIKE 'Counter/%' AND status != 'completed' LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE id = 'inv_1lTwYRzJwUOl2E31OkubjtqwLyFkOJgRDa' AND status IN ('invoked', 'suspended') LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target FROM sys_invocation_status WHERE id = 'inv_1lTwYRzJwUOl2E31OkubjtqwLyFkOJgRDa' AND status IN ('paused', 'invoked', 'suspended') LIMIT 500`,
  },
  {
    accept: 'json',
    sql: `select key, value from state where service_name = 'Counter' and service_key = 'k1' ;`,
  },
  {
    accept: 'json',
    sql: `select key, value from state where service_name = 'Counter' and service_key = 'nokey' ;`,
  },
  {
    accept: 'json',
    sql: `SELECT service_name, service_key, key, value FROM state WHERE service_name = 'Counter' AND service_key = 'k9'`,
  },
  {
    accept: 'json',
    sql: `SELECT service_name, service_key, key, value FROM state WHERE service_name = 'Counter'`,
  },
  {
    accept: 'json',
    sql: `SELECT service_name, service_key, key, value FROM state WHERE service_name = 'Nope' AND service_key = 'x'`,
  },
  {
    accept: 'arrow',
    sql: `select id, target, status, created_at, retry_count from sys_invocation limit 3`,
  },
  {
    accept: 'arrow',
    sql: `select id, target, status, created_at, completion_retention, 1 as a, null as n from sys_invocation limit 2`,
  },
  {
    accept: 'arrow',
    sql: `select name, public, revision from sys_service`,
  },
  {
    accept: 'arrow',
    sql: `select * from state limit 2`,
  },
  {
    accept: 'arrow',
    sql: `select * from state limit 1`,
  },
  {
    accept: 'arrow',
    sql: `select services, created_at from sys_deployment limit 1`,
  },
  {
    accept: 'arrow',
    sql: `select bogus`,
  },
  {
    accept: 'arrow',
    sql: `selec`,
  },
  {
    accept: 'json',
    sql: `SELECT pattern, concurrency, description, disabled, version, last_modified FROM sys_rules ORDER BY pattern`,
  },
  {
    accept: 'json',
    sql: `SELECT pattern, concurrency, description, disabled, version, last_modified FROM sys_rules WHERE pattern = 'scope1/*'`,
  },
  {
    accept: 'json',
    sql: `SELECT pattern, concurrency, description, disabled, version, last_modified FROM sys_rules WHERE pattern = 'nope'`,
  },
  {
    accept: 'json',
    sql: `SELECT id, is_active, queue_is_paused, service_name, scope, limit_key, lock_name, created_at, last_enqueued_at, last_start_at, last_attempt_at, last_finish_at, num_inbox, num_running, num_suspended, num_paused, num_finished FROM sys_vqueue_meta LIMIT 100`,
  },
  {
    accept: 'json',
    sql: `SELECT id, is_active, queue_is_paused, service_name, scope, limit_key, lock_name, created_at, last_enqueued_at, last_start_at, last_attempt_at, last_finish_at, num_inbox, num_running, num_suspended, num_paused, num_finished FROM sys_vqueue_meta WHERE id = 'vq_1foAirY4KKzi0VmE5m087BHxT3pqMIbeXf'`,
  },
  {
    accept: 'json',
    sql: `SELECT entry_id, entry_kind, stage, status, has_lock, created_at, num_attempts, deployment FROM sys_vqueues WHERE id = 'vq_1foAirY4KKzi0VmE5m087BHxT3pqMIbeXf'  LIMIT 100`,
  },
  {
    accept: 'arrow',
    sql: `SELECT COUNT(1) FROM (SELECT
            *
        FROM sys_invocation inv
        LIMIT 50000
        )
        WHERE (inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from sys_deployment))`,
  },
  {
    accept: 'json',
    sql: `SELECT
            id
        FROM sys_invocation inv
        WHERE (inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from sys_deployment))
        ORDER BY inv.created_at DESC, inv.id
        LIMIT 100`,
  },
  {
    accept: 'json',
    sql: `SELECT
            inv.id,
            inv.target,
            inv.target_service_ty,
            inv.idempotency_key,
            inv.status,
            inv.created_at,
            inv.modified_at as state_modified_at,
            inv.pinned_deployment_id,
            inv.retry_count as num_retries,
            inv.last_failure as last_failure_message,
            inv.last_failure_related_entry_index as last_failure_entry_index,
            inv.last_failure_related_entry_name as last_failure_entry_name,
            inv.last_failure_related_entry_type as last_failure_entry_ty,
            inv.last_attempt_deployment_id,
            inv.last_attempt_server,
            inv.next_retry_at,
            inv.last_start_at,
            inv.invoked_by_id,
            inv.invoked_by_target,
            inv.trace_id,
            inv.completion_result,
            inv.completion_failure,
            dp.id IS NOT NULL as pinned_deployment_exists
        FROM sys_invocation inv
        LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id
        WHERE (inv.pinned_deployment_id IS NOT NULL AND inv.pinned_deployment_id NOT IN (select id from sys_deployment)) AND inv.id in ('inv_1aw7CG2hh7zs7nadbpia9uvN2S6T9n9ad6','inv_1eoQf42t7hhP4mSqHiJCiWwkXEzJVkLNQZ','inv_1eoQf42t7hhP7KARKfo5NTsoPv7vinQYpP')
        ORDER BY inv.created_at DESC, inv.id`,
  },
  {
    accept: 'json',
    sql: `SELECT 1 FROM sys_invocation_status LIMIT 1`,
  },
  {
    accept: 'json',
    sql: `SELECT after_journal_entry_index, appended_at, event_type, event_json from sys_journal_events WHERE id = 'inv_109sGzERWiBt7Crwb2rY2VveCXB8S96Fzd' ORDER BY appended_at`,
  },
  {
    accept: 'json',
    sql: `SELECT id, index, appended_at, entry_type, name, raw_length, entry_lite_json,  version, completed, sleep_wakeup_at, invoked_id, invoked_target, promise_name FROM sys_journal WHERE id = 'inv_109sGzERWiBt7Crwb2rY2VveCXB8S96Fzd' ORDER BY index`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target, target_service_name, target_service_key, target_handler_name, target_service_ty, idempotency_key, invoked_by, invoked_by_id, invoked_by_subscription_id, invoked_by_target, restarted_from, pinned_deployment_id, pinned_service_protocol_version, journal_size, journal_commands_size, created_at, modified_at, inboxed_at, scheduled_at, scheduled_start_at, running_at, completed_at, completion_retention, journal_retention, retry_count, last_start_at, next_retry_at, last_attempt_deployment_id, last_attempt_server, last_failure, last_failure_error_code, status, completion_result, completion_failure, invoked_by_service_name, trace_id, created_using_restate_version, last_failure_related_entry_index, last_failure_related_entry_name, last_failure_related_entry_type, last_failure_related_command_index, last_failure_related_command_name, last_failure_related_command_type FROM sys_invocation WHERE id = 'inv_109sGzERWiBt7Crwb2rY2VveCXB8S96Fzd'`,
  },
  {
    accept: 'json',
    sql: `SELECT id, status, completion_result, completion_failure, pinned_deployment_id, last_attempt_deployment_id, target_service_name, target_service_key, target_handler_name FROM sys_invocation WHERE id IN ('inv_1jR7TgV9WLo05BBHY0uJdXlPHWdfTllSlb', 'inv_1foAirY4KKzi4tPfV6jqEzzzT6TPDbDBn3', 'inv_10SHxgluLUdD0jk1pGvY4VhdKMLVTdHXvX')`,
  },
  {
    accept: 'json',
    sql: `SELECT id, appended_at, event_type, event_json FROM sys_journal_events WHERE id = 'inv_1lTwYRzJwUOl2E31OkubjtqwLyFkOJgRDa' AND event_type = 'Paused' ORDER BY appended_at DESC LIMIT 1`,
  },
  {
    accept: 'json',
    sql: `SELECT
        ss.target_service_name AS service_name,
        CASE
          WHEN ss.status = 'inboxed' THEN 'pending'
          WHEN ss.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN ss.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN ss.status = 'invoked' THEN 'ready'
          WHEN ss.status = 'completed' AND ss.completion_result = 'success' THEN 'succeeded'
          WHEN ss.status = 'completed' THEN 'failed'
          ELSE ss.status
        END AS bucket,
        COUNT(1) AS count
      FROM sys_invocation_status ss
      LEFT JOIN sys_invocation_state sis ON sis.id = ss.id
      WHERE ss.created_at > '2026-11-23T01:43:57.958Z'
      GROUP BY
        ss.target_service_name,
        CASE
          WHEN ss.status = 'inboxed' THEN 'pending'
          WHEN ss.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN ss.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN ss.status = 'invoked' THEN 'ready'
          WHEN ss.status = 'completed' AND ss.completion_result = 'success' THEN 'succeeded'
          WHEN ss.status = 'completed' THEN 'failed'
          ELSE ss.status
        END`,
  },
  {
    accept: 'json',
    sql: `SELECT
        ss.id AS id
      FROM sys_invocation_status ss
      LEFT JOIN (
        SELECT
          id AS state_id,
          in_flight,
          retry_count
        FROM sys_invocation_state
      ) sis
        ON sis.state_id = ss.id
      WHERE ss.status IN ('invoked', 'suspended', 'paused', 'inboxed', 'scheduled', 'completed') AND ((ss.status = 'invoked' AND sis.in_flight) OR (ss.status = 'invoked' AND sis.in_flight IS NOT TRUE AND sis.retry_count > 0) OR (ss.status = 'suspended') OR (ss.status = 'paused') OR (ss.status = 'inboxed') OR (ss.status = 'invoked' AND sis.in_flight IS NOT TRUE AND COALESCE(sis.retry_count, 0) = 0) OR (ss.status = 'scheduled') OR ((ss.status = 'completed' AND ss.completion_result = 'success')) OR ((ss.status = 'completed' AND ss.completion_result = 'failure' AND COALESCE(LOWER(ss.completion_failure), '') NOT IN ('[409] killed', '[409] canceled', '[409] cancelled'))) OR ((ss.status = 'completed' AND ss.completion_result = 'failure' AND LOWER(ss.completion_failure) IN ('[409] canceled', '[409] cancelled'))) OR ((ss.status = 'completed' AND ss.completion_result = 'failure' AND LOWER(ss.completion_failure) IN ('[409] killed'))))
      ORDER BY ss.created_at DESC
      LIMIT 250`,
  },
  {
    accept: 'json',
    sql: `SELECT
        sampled_invocations.target_service_name AS service_name,
        CASE
          WHEN sampled_invocations.status = 'inboxed' THEN 'pending'
          WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN sampled_invocations.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN sampled_invocations.status = 'invoked' THEN 'ready'
          WHEN sampled_invocations.status = 'completed' AND sampled_invocations.completion_result = 'success' THEN 'succeeded'
          WHEN sampled_invocations.status = 'completed' THEN 'failed'
          ELSE sampled_invocations.status
        END AS bucket,
        COUNT(1) AS count
      FROM (
        SELECT
          id, target_service_name, status, completion_result
        FROM sys_invocation_status
        LIMIT 1000000
      ) sampled_invocations
      LEFT JOIN sys_invocation_state sis ON sis.id = sampled_invocations.id
      GROUP BY
        sampled_invocations.target_service_name,
        CASE
          WHEN sampled_invocations.status = 'inboxed' THEN 'pending'
          WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN sampled_invocations.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN sampled_invocations.status = 'invoked' THEN 'ready'
          WHEN sampled_invocations.status = 'completed' AND sampled_invocations.completion_result = 'success' THEN 'succeeded'
          WHEN sampled_invocations.status = 'completed' THEN 'failed'
          ELSE sampled_invocations.status
        END`,
  },
  {
    accept: 'json',
    sql: `SELECT
        id,
target,
target_service_name,
target_service_key,
target_handler_name,
target_service_ty,
idempotency_key,
invoked_by,
invoked_by_id,
invoked_by_subscription_id,
invoked_by_target,
restarted_from,
pinned_deployment_id,
pinned_service_protocol_version,
journal_size,
journal_commands_size,
created_at,
modified_at,
inboxed_at,
scheduled_at,
scheduled_start_at,
running_at,
completed_at,
completion_retention,
journal_retention,
retry_count,
last_start_at,
next_retry_at,
last_attempt_deployment_id,
last_attempt_server,
last_failure,
last_failure_error_code,
status,
completion_result,
completion_failure
      FROM sys_invocation i
      WHERE i.id IN ('inv_1aa84kijgQy14h1qZNqPT5pa280H23LQJj','inv_1aa84kijgQy13xFEtRFAxamkU0fGBLBzy3','inv_1lyKiDGfBomM3cptdEOhiiJbRbRwnNvQYJ')
        AND ((i.status = 'running') OR (i.status = 'backing-off') OR (i.status = 'suspended') OR (i.status = 'paused') OR (i.status = 'pending') OR (i.status = 'ready') OR (i.status = 'scheduled') OR ((i.status = 'completed' AND i.completion_result = 'success')) OR ((i.status = 'completed' AND i.completion_result = 'failure' AND COALESCE(LOWER(i.completion_failure), '') NOT IN ('[409] killed', '[409] canceled', '[409] cancelled'))) OR ((i.status = 'completed' AND i.completion_result = 'failure' AND LOWER(i.completion_failure) IN ('[409] canceled', '[409] cancelled'))) OR ((i.status = 'completed' AND i.completion_result = 'failure' AND LOWER(i.completion_failure) IN ('[409] killed'))))
      ORDER BY i.created_at DESC NULLS LAST`,
  },
  {
    accept: 'json',
    sql: `SELECT DISTINCT
      target_service_key AS object_key
    FROM sys_invocation_status
    WHERE target_service_name = 'Counter'
      AND target_service_ty = 'virtual_object'
      AND target_service_key IS NOT NULL
      AND status <> 'completed'
    LIMIT 51`,
  },
  {
    accept: 'json',
    sql: `SELECT
      service_key AS object_key,
      invocation_id AS acquired_by
    FROM sys_keyed_service_status
    WHERE service_name = 'Counter'
      AND invocation_id IS NOT NULL
      AND (
        (service_key = 'cart-9')
        OR (service_key = 'cart-1')
      )`,
  },
  {
    accept: 'json',
    sql: `SELECT
      service_key AS object_key,
      COUNT(*) AS backlog
    FROM sys_inbox
    WHERE service_name = 'Counter'
      AND (
        (service_key = 'cart-9')
        OR (service_key = 'cart-1')
      )
    GROUP BY service_key`,
  },
  {
    accept: 'json',
    sql: `SELECT si.id
    FROM sys_invocation_status si
    WHERE si.target_service_ty = 'virtual_object'
      AND si.target_service_name = 'Counter'
      AND si.target_service_key = 'cart-1'
    ORDER BY si.created_at DESC NULLS LAST
    LIMIT 51`,
  },
  {
    accept: 'json',
    sql: `SELECT invocation_id
      FROM sys_keyed_service_status
      WHERE service_name = 'Counter'
        AND service_key = 'cart-1'
        AND invocation_id IS NOT NULL
      LIMIT 1`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target, target_service_name, target_service_key, target_handler_name, target_service_ty, idempotency_key, invoked_by, invoked_by_id, invoked_by_subscription_id, invoked_by_target, restarted_from, pinned_deployment_id, pinned_service_protocol_version, journal_size, journal_commands_size, created_at, modified_at, inboxed_at, scheduled_at, scheduled_start_at, running_at, completed_at, completion_retention, journal_retention, retry_count, last_start_at, next_retry_at, last_attempt_deployment_id, last_attempt_server, last_failure, last_failure_error_code, status, completion_result, completion_failure
    FROM sys_invocation
    WHERE id IN ('inv_11mxd6wPzMTc0KICojIolRHABGG1pPR03c','inv_11mxd6wPzMTc4NNoBcW9i4ADSqMgyE8TjW','inv_11mxd6wPzMTc0CCc3TJ0ZxRoqCRCTqc73c')`,
  },
  {
    accept: 'json',
    sql: `SELECT id
    FROM sys_invocation_status
    WHERE target_service_name = 'Signup'
      AND target_service_ty = 'workflow'
      AND target_handler_name = 'run'
      AND target_service_key IS NOT NULL
    ORDER BY created_at DESC NULLS LAST
    LIMIT 51`,
  },
  {
    accept: 'json',
    sql: `SELECT id
    FROM sys_invocation_status
    WHERE target_service_name = 'Signup'
      AND target_service_ty = 'workflow'
      AND target_service_key = 'user-78'
      AND target_handler_name = 'run'
    LIMIT 1`,
  },
  {
    accept: 'json',
    sql: `SELECT id
    FROM sys_invocation_status
    WHERE target_service_name = 'Signup'
      AND target_service_ty = 'workflow'
      AND target_service_key = 'user-78'
      AND target_handler_name <> 'run'
    ORDER BY created_at DESC NULLS LAST
    LIMIT 51`,
  },
  {
    accept: 'json',
    sql: `SELECT DISTINCT service_key
    FROM state WHERE "service_name" = 'Counter'
    LIMIT 301`,
  },
  {
    accept: 'json',
    sql: `SELECT service_key, key, value_length, value
    FROM state
    WHERE service_name = 'Counter'
      AND service_key IN ('cart-1', 'cart-2', 'cart-3', 'cart-4', 'cart-5', 'cart-6', 'k1', 'k2', 'kk')
      AND value_length <= 2048
    LIMIT 1500`,
  },
  {
    accept: 'json',
    sql: `SELECT
        ss.target_service_name AS service_name,
        CASE
          WHEN ss.status = 'inboxed' THEN 'pending'
          WHEN ss.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN ss.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN ss.status = 'invoked' THEN 'ready'
          WHEN ss.status = 'completed' AND ss.completion_result = 'success' THEN 'succeeded'
          WHEN ss.status = 'completed' THEN 'failed'
          ELSE ss.status
        END AS bucket,
        COUNT(1) AS count
      FROM sys_invocation_status ss
      LEFT JOIN sys_invocation_state sis ON sis.id = ss.id
      WHERE ss.target_service_name IN ('Greeter')
      GROUP BY
        ss.target_service_name,
        CASE
          WHEN ss.status = 'inboxed' THEN 'pending'
          WHEN ss.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN ss.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN ss.status = 'invoked' THEN 'ready'
          WHEN ss.status = 'completed' AND ss.completion_result = 'success' THEN 'succeeded'
          WHEN ss.status = 'completed' THEN 'failed'
          ELSE ss.status
        END`,
  },
  {
    accept: 'json',
    sql: `WITH active_deployments AS (
    SELECT DISTINCT deployment_id AS id
    FROM sys_service
    WHERE deployment_id IS NOT NULL
    UNION
    SELECT DISTINCT pinned_deployment_id AS id
    FROM sys_invocation_status
    WHERE pinned_deployment_id IS NOT NULL AND status != 'completed'
)
SELECT d.id AS id
FROM sys_deployment d
EXCEPT
SELECT id
FROM active_deployments`,
  },
  {
    accept: 'json',
    sql: `SELECT entry_type, entry_json, raw FROM sys_journal WHERE id = 'inv_109sGzERWiBt7Crwb2rY2VveCXB8S96Fzd' AND index = 2`,
  },
  {
    accept: 'json',
    sql: `SELECT
        ss.id AS id
      FROM sys_invocation_status ss
      LEFT JOIN (
        SELECT
          id AS state_id,
          in_flight,
          retry_count
        FROM sys_invocation_state
      ) sis
        ON sis.state_id = ss.id
      WHERE ss.status IN ('inboxed', 'invoked', 'paused') AND ((ss.status = 'inboxed') OR (ss.status = 'invoked' AND sis.in_flight IS NOT TRUE AND sis.retry_count > 0) OR (ss.status = 'paused') OR (ss.status = 'invoked' AND sis.in_flight IS NOT TRUE AND COALESCE(sis.retry_count, 0) = 0))
      ORDER BY ss.created_at ASC
      LIMIT 250`,
  },
  {
    accept: 'json',
    sql: `SELECT
        id,
target,
target_service_name,
target_service_key,
target_handler_name,
target_service_ty,
idempotency_key,
invoked_by,
invoked_by_id,
invoked_by_subscription_id,
invoked_by_target,
restarted_from,
pinned_deployment_id,
pinned_service_protocol_version,
journal_size,
journal_commands_size,
created_at,
modified_at,
inboxed_at,
scheduled_at,
scheduled_start_at,
running_at,
completed_at,
completion_retention,
journal_retention,
retry_count,
last_start_at,
next_retry_at,
last_attempt_deployment_id,
last_attempt_server,
last_failure,
last_failure_error_code,
status,
completion_result,
completion_failure
      FROM sys_invocation i
      WHERE i.id IN ('inv_118GQedQszgK6EgRDEuFx2qSd9162IDGYV','inv_15klLzG4B16W2ImuowLtuiveCAxQS5yvQe','inv_1eoQf42t7hhP13m9tdYN6wJiio11iM0b1n')
        AND ((i.status = 'pending') OR (i.status = 'backing-off') OR (i.status = 'paused') OR (i.status = 'ready'))
      ORDER BY i.created_at ASC NULLS LAST`,
  },
  {
    accept: 'json',
    sql: `SELECT
        sampled_invocations.target_service_name AS service_name,
        CASE
          WHEN sampled_invocations.status = 'inboxed' THEN 'pending'
          WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN sampled_invocations.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN sampled_invocations.status = 'invoked' THEN 'ready'
          WHEN sampled_invocations.status = 'completed' AND sampled_invocations.completion_result = 'success' THEN 'succeeded'
          WHEN sampled_invocations.status = 'completed' THEN 'failed'
          ELSE sampled_invocations.status
        END AS bucket,
        COUNT(1) AS count
      FROM (
        SELECT
          id, target_service_name, status, completion_result, created_at
        FROM sys_invocation_status
        LIMIT 1000000
      ) sampled_invocations
      LEFT JOIN sys_invocation_state sis ON sis.id = sampled_invocations.id
        WHERE sampled_invocations.created_at > '2026-11-23T01:48:33.034Z'
      GROUP BY
        sampled_invocations.target_service_name,
        CASE
          WHEN sampled_invocations.status = 'inboxed' THEN 'pending'
          WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN sampled_invocations.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN sampled_invocations.status = 'invoked' THEN 'ready'
          WHEN sampled_invocations.status = 'completed' AND sampled_invocations.completion_result = 'success' THEN 'succeeded'
          WHEN sampled_invocations.status = 'completed' THEN 'failed'
          ELSE sampled_invocations.status
        END`,
  },
  {
    accept: 'json',
    sql: `SELECT
        sampled_invocations.target_service_name AS service_name,
        CASE
          WHEN sampled_invocations.status = 'inboxed' THEN 'pending'
          WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN sampled_invocations.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN sampled_invocations.status = 'invoked' THEN 'ready'
          WHEN sampled_invocations.status = 'completed' AND sampled_invocations.completion_result = 'success' THEN 'succeeded'
          WHEN sampled_invocations.status = 'completed' THEN 'failed'
          ELSE sampled_invocations.status
        END AS bucket,
        COUNT(1) AS count
      FROM (
        SELECT
          id, target_service_name, status, completion_result, created_at
        FROM sys_invocation_status
        LIMIT 1000000
      ) sampled_invocations
      LEFT JOIN sys_invocation_state sis ON sis.id = sampled_invocations.id
        WHERE sampled_invocations.target_service_name IN ('Greeter')
          AND sampled_invocations.created_at > '2026-11-23T01:48:33.034Z'
      GROUP BY
        sampled_invocations.target_service_name,
        CASE
          WHEN sampled_invocations.status = 'inboxed' THEN 'pending'
          WHEN sampled_invocations.status = 'invoked' AND sis.in_flight IS TRUE THEN 'running'
          WHEN sampled_invocations.status = 'invoked' AND sis.retry_count > 0 THEN 'backing-off'
          WHEN sampled_invocations.status = 'invoked' THEN 'ready'
          WHEN sampled_invocations.status = 'completed' AND sampled_invocations.completion_result = 'success' THEN 'succeeded'
          WHEN sampled_invocations.status = 'completed' THEN 'failed'
          ELSE sampled_invocations.status
        END`,
  },
  {
    accept: 'json',
    sql: `SELECT
        ss.id AS id
      FROM sys_invocation_status ss
      LEFT JOIN (
        SELECT
          id AS state_id,
          in_flight,
          retry_count
        FROM sys_invocation_state
      ) sis
        ON sis.state_id = ss.id
      WHERE ss.status IN ('suspended', 'paused', 'invoked') AND ((ss.status = 'suspended') OR (ss.status = 'paused') OR (ss.status = 'invoked' AND sis.in_flight IS NOT TRUE AND sis.retry_count > 0)) AND ss.target_service_name IN ('Greeter') AND ss.created_at > '2026-11-23T01:48:33.034Z'
      ORDER BY ss.created_at DESC
      LIMIT 250`,
  },
  {
    accept: 'json',
    sql: `SELECT
        id,
target,
target_service_name,
target_service_key,
target_handler_name,
target_service_ty,
idempotency_key,
invoked_by,
invoked_by_id,
invoked_by_subscription_id,
invoked_by_target,
restarted_from,
pinned_deployment_id,
pinned_service_protocol_version,
journal_size,
journal_commands_size,
created_at,
modified_at,
inboxed_at,
scheduled_at,
scheduled_start_at,
running_at,
completed_at,
completion_retention,
journal_retention,
retry_count,
last_start_at,
next_retry_at,
last_attempt_deployment_id,
last_attempt_server,
last_failure,
last_failure_error_code,
status,
completion_result,
completion_failure
      FROM sys_invocation i
      WHERE i.id IN ('inv_1fs2E1hgmpwV214ZGgdqfh5FsC6pyet3AO','inv_12Ux9uywBb4Y1OH1GsLvYqEy95FK0HBwEw','inv_1aq8HPI2l4G75PHEYu6kqiOFD7TIj3PoDh')
        AND ((i.status = 'suspended') OR (i.status = 'paused') OR (i.status = 'backing-off'))
        AND i.target_service_name IN ('Greeter')
        AND i.created_at > '2026-11-23T01:48:33.034Z'
      ORDER BY i.created_at DESC NULLS LAST`,
  },
  {
    accept: 'json',
    sql: `SELECT id, target, status FROM sys_invocation LIMIT 10`,
  },
];
