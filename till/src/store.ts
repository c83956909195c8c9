import { useSyncExternalStore } from "react";

/** A value outside React that components can subscribe to. */
export type Store<Value> = {
  readonly get: () => Value;
  readonly set: (value: Value) => void;
  /** Sets a value that has already been saved. */
  readonly adopt: (value: Value) => void;
  readonly subscribe: (listener: () => void) => () => void;
};

/** `saved` runs before subscribers are called, so that nothing is shown that a reload would lose. */
export function createStore<Value>(first: Value, saved?: (value: Value) => void): Store<Value> {
  let current = first;
  const listeners = new Set<() => void>();
  const change = (value: Value, save?: (value: Value) => void) => {
    if (Object.is(value, current)) return;
    current = value;
    save?.(value);
    for (const listener of listeners) listener();
  };
  return {
    get: () => current,
    set: (value) => change(value, saved),
    adopt: (value) => change(value),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** An entry of the browser's storage. If the storage is full or forbidden, the value is silently not kept. */
export function kept(storage: Storage, key: string) {
  return {
    read(): string | null {
      try {
        return storage.getItem(key);
      } catch {
        return null;
      }
    },
    write(value: string | null): void {
      try {
        if (value === null) storage.removeItem(key);
        else storage.setItem(key, value);
      } catch {
        return;
      }
    },
  };
}
