declare const brandName: unique symbol;

/** A `Base` value that only the parser or maker of `Name` can produce. */
export type Brand<Base, Name extends string> = Base & { readonly [brandName]: Name };
