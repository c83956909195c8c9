import { answerFaults } from "../faults.ts";
import type { Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import { html, type Html } from "./html.ts";
import { rupiah, statusWords, wib } from "./words.ts";

const MAX_ROWS = 100;

/** The latest transactions, newest first, and a form that plans a fault of the next request. */
export function listMain(world: World): Html {
  const newest = world.book.transactions().slice(-MAX_ROWS).reverse();
  const options = Object.entries(answerFaults).map(
    ([name, { says }]) => html`<option value="${name}">${says}</option>`,
  );
  const planned = world.faults.queue.map(
    ({ call, fault }) => html`<p class="quiet">${call}: ${answerFaults[fault].says}</p>`,
  );
  return html`<h1>Transaksi</h1>
${newest.length === 0 ? empty : list(newest)}
<h1>Gangguan berikutnya</h1>
<section class="card">
<form method="post" action="/next" class="row">
<label for="fault">Permintaan transaksi berikutnya</label>
<select id="fault" name="fault">${options}</select>
<button>Pasang</button>
</form>
${planned}
</section>`;
}

const EMPTY =
  "Belum ada transaksi. Buat satu dari kasir: pilih QRIS, lalu transaksinya muncul di sini untuk dibayar.";
const empty = html`<p class="card quiet">${EMPTY}</p>`;

function list(transactions: readonly Transaction[]): Html {
  return html`<ol class="card">${transactions.map(row)}</ol>`;
}

function row({
  reference,
  merchantRef,
  provider,
  channelName,
  amount,
  status,
  createdAt,
}: Transaction): Html {
  return html`<li><a href="/checkout/${reference}">
<span><b>${channelName}</b><b class="sum">${rupiah(amount)}</b></span>
<span class="quiet">${reference}<b class="${status}">${statusWords[status]}</b></span>
<span class="quiet">${merchantRef} · ${provider}<time>${wib(createdAt)}</time></span>
</a></li>`;
}
