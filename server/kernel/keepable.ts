/**
 * PostgreSQL can't store a NUL or half a surrogate pair, in text or in JSON, and limits the depth of JSON.
 * These functions check or clean outside input before a statement fails on it.
 */

const REPLACEMENT = "\uFFFD";
/** Far more than any API sends, far less than PostgreSQL or a recursion can handle. */
export const MAX_KEEPABLE_DEPTH = 32;

export function isKeepableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

export function keepableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", REPLACEMENT);
}

/**
 * A copy of parsed JSON that PostgreSQL can store: names and strings are cleaned, and values nested too deep
 * are replaced by a mark. `change` may replace each named value before its contents are copied; `undefined`
 * omits it.
 */
export function keepableJson(
  unchecked: unknown,
  change: (name: string, value: unknown) => unknown = (_name, value) => value,
): unknown {
  const keep = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return keepableText(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= MAX_KEEPABLE_DEPTH) return "(nested too deep)";
    if (Array.isArray(value)) return value.map((item) => keep(item, depth + 1));
    const fields = Object.entries(value).map(
      ([name, field]) => [keepableText(name), change(name, field)] as const,
    );
    return Object.fromEntries(
      fields
        .filter(([, field]) => field !== undefined)
        .map(([name, field]) => [name, keep(field, depth + 1)]),
    );
  };
  return keep(unchecked, 0);
}

/**
 * A value's place in the JSON. It links to its parent, because a written path for each value would need
 * quadratic space.
 */
type Place = { readonly value: unknown; readonly name: string; readonly parent: Place | undefined };

/**
 * The path of the first string or name that can't be stored, such as `/order_items/0/name`; `undefined` if
 * there is none. Works at any depth.
 */
export function unkeepableAt(unchecked: unknown): string | undefined {
  const waiting: Place[] = [{ value: unchecked, name: "", parent: undefined }];
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    const { value } = place;
    if (!isKeepableText(place.name) || (typeof value === "string" && !isKeepableText(value)))
      return pathOf(place);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) continue;
    for (const [name, child] of Object.entries(value).toReversed())
      waiting.push({ value: child, name, parent: place });
  }
  return undefined;
}

const MAX_PATH_LENGTH = 200;

function pathOf(place: Place): string {
  const names: string[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) names.unshift(keepableText(at.name));
  return names
    .map((name) => `/${name}`)
    .join("")
    .slice(0, MAX_PATH_LENGTH);
}
