type Node = { [name: string]: string | Node };

const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);
const MAX_DEPTH = 4;

/**
 * Reads `application/x-www-form-urlencoded` as PHP does: `order_items[0][name]=Kopi` is nested. A group whose
 * names are all numbers becomes a list, in the order of the numbers.
 */
export function readForm(text: string): Record<string, unknown> {
  const root: Node = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    const path = pathOf(name);
    if (path) put(root, path, value);
  }
  return Object.fromEntries(Object.entries(root).map(([name, value]) => [name, settled(value)]));
}

function pathOf(name: string): string[] | undefined {
  const match = /^([^[\]]+)((?:\[[^[\]]+\])*)$/.exec(name);
  if (!match) return undefined;
  const inner = [...(match[2] ?? "").matchAll(/\[([^[\]]+)\]/g)].map((part) => part[1] ?? "");
  const path = [match[1] ?? "", ...inner];
  return path.length > MAX_DEPTH || path.some((part) => FORBIDDEN.has(part)) ? undefined : path;
}

function put(root: Node, path: readonly string[], value: string): void {
  let node = root;
  for (const part of path.slice(0, -1)) {
    const next = node[part];
    const child: Node = typeof next === "object" ? next : Object.create(null);
    node[part] = child;
    node = child;
  }
  node[path.at(-1) ?? ""] = value;
}

function settled(value: string | Node): unknown {
  if (typeof value === "string") return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, settled(inner)] as const);
  return entries.every(([name]) => /^\d+$/.test(name))
    ? entries.map(([, inner]) => inner)
    : Object.fromEntries(entries);
}
