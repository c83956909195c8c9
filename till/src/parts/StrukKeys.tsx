import type { SaleBody } from "@onegate/contract";
import { showNotice } from "../notices.ts";
import { useWords } from "../words.ts";
import { useAmountText } from "./Amount.tsx";
import { Icon } from "./Icon.tsx";
import { useStrukText } from "./Struk.tsx";

/** Buttons that print and share the receipt on screen. */
export function StrukKeys({ sale }: { readonly sale: SaleBody }) {
  const words = useWords();
  const amount = useAmountText();
  const strukText = useStrukText();
  return (
    <div className="struk-keys">
      <button type="button" className="key-second" onClick={() => window.print()}>
        <Icon name="print" />
        {words.print}
      </button>
      <button type="button" className="key-second" onClick={() => void share(strukText(sale, amount))}>
        <Icon name="share" />
        {words.share}
      </button>
    </div>
  );
}

async function share(text: string): Promise<void> {
  try {
    if ("share" in navigator) await navigator.share({ text });
    else {
      await (navigator as Navigator).clipboard.writeText(text);
      showNotice({ tone: "plain", text: (words) => words.copied });
    }
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    showNotice({ tone: "refusal", text: (words) => words.notCopied });
  }
}
