export type Message = { readonly id: string | null; readonly event: string; readonly data: string };

/** Reads server-sent events from text in pieces. `push` returns the messages that its piece completes. */
export function createReader() {
  let rest = "";
  return function push(piece: string): Message[] {
    rest += piece.replaceAll("\r", "");
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const message = readBlock(block);
      return message ? [message] : [];
    });
  };
}

function readBlock(block: string): Message | undefined {
  let id: string | null = null;
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field === "id") id = value;
    else if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 && id === null ? undefined : { id, event, data: data.join("\n") };
}
