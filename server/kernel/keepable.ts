/**
 * PostgreSQL keeps no NUL and no half of a surrogate pair, in a text or in JSON, and reads JSON only so deep. What comes from
 * outside is checked or cleaned with these before it can fail a statement.
 */

const REPLACEMENT = "\uFFFD";
/** Far above what any API sends, far below what stops PostgreSQL or a recursion. */
export const MAX_KEEPABLE_DEPTH = 32;

export function isKeepableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

export function keepableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", REPLACEMENT);
}

/**
 * Parsed JSON as it can be kept: names and texts cleaned, and what is nested too deep replaced by a mark. `change` decides on
 * each named value before it is gone into; undefined leaves it out.
 */
export function keepableJson(
  unchecked: unknown,
  change: (name: string, value: unknown) => unknown = (_name, value) => value,
): unknown {
  const keep = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return keepableText(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= MAX_KEEPABLE_DEPTH) return "(nested too deep)";
    if (Array.isArray(value)) return value.map((one) => keep(one, depth + 1));
    const fields = Object.entries(value).map(
      ([name, one]) => [keepableText(name), change(name, one)] as const,
    );
    return Object.fromEntries(
      fields.filter(([, one]) => one !== undefined).map(([name, one]) => [name, keep(one, depth + 1)]),
    );
  };
  return keep(unchecked, 0);
}

/** Where a value stands; linked instead of written, as a path of each value would cost the square of the depth. */
type Place = { readonly value: unknown; readonly name: string; readonly parent: Place | undefined };

/** Where the first text or name stands that can't be kept, as `/order_items/0/name`; undefined where there is none. However deep it goes. */
export function unkeepableAt(unchecked: unknown): string | undefined {
  const waiting: Place[] = [{ value: unchecked, name: "", parent: undefined }];
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    const { value } = place;
    if (!isKeepableText(place.name) || (typeof value === "string" && !isKeepableText(value)))
      return pathOf(place);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) continue;
    for (const [name, one] of Object.entries(value).toReversed())
      waiting.push({ value: one, name, parent: place });
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
