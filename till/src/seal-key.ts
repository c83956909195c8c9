const DATABASE = "onegate-seal";
const STORE = "keys";
const NAME = "1";

/**
 * This browser's own key, which no script can export. Sealed sessions are encrypted with it as well, so a
 * copy of `localStorage` alone can't be opened, whatever PINs are tried. The key is created at first use.
 */
export async function sealKey(): Promise<CryptoKey> {
  const database = await opened();
  try {
    // before the transaction: IndexedDB commits it as soon as something else is awaited
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]);
    return await new Promise<CryptoKey>((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(STORE);
      let key = fresh;
      const found = store.get(NAME);
      // if two tabs create the key at the same moment, both end up with the same key
      found.addEventListener("success", () => {
        if (found.result instanceof CryptoKey) key = found.result;
        else store.put(fresh, NAME);
      });
      transaction.addEventListener("complete", () => resolve(key));
      transaction.addEventListener("abort", () =>
        reject(transaction.error ?? new Error("the key can't be stored in this browser")),
      );
    });
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () =>
      reject(request.error ?? new Error("IndexedDB is not available in this browser")),
    );
  });
}
