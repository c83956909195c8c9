import { answerFaults } from "../faults.ts";
import type { Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import { html, type Html } from "./html.ts";
import { rupiah, statusWords, wib } from "./words.ts";

const MAX_ROWS = 100;

/** All transactions, the newest first, and the fault that the next request will meet. */
export function listMain(world: World): Html {
  const newest = world.book.transactions().slice(-MAX_ROWS).reverse();
  return html`<h1>Transaksi</h1>
${newest.length === 0 ? empty : list(newest)}
<h1>Gangguan berikutnya</h1>
<section class="card">
<form method="post" action="/next" class="row">
<label for="fault">Permintaan transaksi berikutnya</label>
<select id="fault" name="fault">${Object.entries(answerFaults).map(([name, { says }]) => html`<option value="${name}">${says}</option>`)}</select>
<button>Pasang</button>
</form>
${world.faults.queue.map(({ call, fault }) => html`<p class="quiet">${call}: ${answerFaults[fault].says}</p>`)}
</section>`;
}

const empty = html`<p class="card quiet">Belum ada transaksi. Buat satu dari kasir: pilih QRIS, lalu transaksinya muncul di sini untuk dibayar.</p>`;

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
