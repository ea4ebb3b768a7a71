import { format, resolveConfig } from 'prettier';

/** The text of a Markdown file as `npm run format` leaves it. */
export async function formatDocument(text: string, path: string): Promise<string> {
  const options = await resolveConfig(path);
  return format(text, { ...options, parser: 'markdown' });
}
