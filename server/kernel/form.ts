import { refuse, type Refusal } from "@onegate/contract";

/**
 * The part of JSON Schema that is used here. A form holds only strings, so the schema says which are numbers.
 */
type Schema = {
  readonly type?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
};

type Node = Map<string, string | Node>;

const MAX_FIELDS = 2_000;
/** `order_items[0][name]` has three parts. */
const MAX_DEPTH = 4;
const NAME = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;
const NUMBER = /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?$/;

/**
 * Reads `application/x-www-form-urlencoded` as PHP clients write it: `order_items[0][name]=Kopi` nests,
 * `a[]=1&a[]=2` is a list. A string becomes a number or a boolean where the schema has that type; a string
 * that can't be converted stays one, and the schema refuses it. Refuses `request_malformed` for names that
 * don't nest, that nest too deep, and for more fields than any order has.
 */
export function readForm(text: string, schema: unknown): Record<string, unknown> | Refusal {
  const root: Node = new Map();
  let count = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1;
    const path = pathOf(name);
    if (!path || count > MAX_FIELDS || !put(root, path, value)) return refuse("request_malformed");
  }
  return toObject(root, schema ?? {});
}

function pathOf(name: string): string[] | undefined {
  const match = NAME.exec(name);
  if (!match?.[1]) return undefined;
  const path = [
    match[1],
    ...Array.from((match[2] ?? "").matchAll(/\[([^[\]]*)\]/g), (part) => part[1] ?? ""),
  ];
  return path.length <= MAX_DEPTH ? path : undefined;
}

/** Sets the value at a path; `false` if the path is already taken. */
function put(root: Node, path: readonly string[], value: string): boolean {
  let node = root;
  for (const [index, unnamed] of path.entries()) {
    const part = unnamed === "" ? String(node.size) : unnamed;
    const existing = node.get(part);
    if (index === path.length - 1) {
      if (existing !== undefined) return false;
      node.set(part, value);
      return true;
    }
    if (typeof existing === "string") return false;
    const child: Node = existing ?? new Map<string, string | Node>();
    node.set(part, child);
    node = child;
  }
  return false;
}

function toObject(node: Node, schema: Schema): Record<string, unknown> {
  const own = (name: string) =>
    schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  // fromEntries makes every name an own property, even `__proto__`, so the schema can refuse it by name
  return Object.fromEntries([...node].map(([name, value]) => [name, toValue(value, own(name) ?? {})]));
}

function toValue(value: string | Node, schema: Schema): unknown {
  if (typeof value !== "string") {
    const isList =
      schema.type === "array" ||
      (schema.type === undefined && [...value.keys()].every((name) => /^\d{1,4}$/.test(name)));
    return isList
      ? [...value.values()].map((item) => toValue(item, schema.items ?? {}))
      : toObject(value, schema);
  }
  // where the schema accepts a string, it stays one
  const types = schema.anyOf ? schema.anyOf.map(({ type }) => type) : [schema.type];
  if (types.includes("string") || types.includes(undefined)) return value;
  if (types.includes("boolean") && /^(?:true|false|1|0)$/.test(value))
    return value === "true" || value === "1";
  return NUMBER.test(value) && (types.includes("number") || types.includes("integer"))
    ? Number(value)
    : value;
}
