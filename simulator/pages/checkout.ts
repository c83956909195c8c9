import { refundedSum, type Transaction } from "../transaction.ts";
import { html, type Html } from "./html.ts";
import { rupiah, statusWords, wib } from "./words.ts";

/** The payer's page: the amount, how to pay it, and one large button. */
export function checkoutMain(transaction: Transaction): Html {
  const {
    reference,
    merchantRef,
    provider,
    amount,
    feeCustomer,
    channelName,
    payCode,
    qrString,
    expiresAt,
    returnUrl,
    refunds,
  } = transaction;
  return html`<div class="checkout">
<section class="card">
<p class="quiet">KOPI SENJA DEMO · ${channelName}</p>
<p class="total">${rupiah(amount)}</p>
${outcome(transaction)}
</section>
${buttons(transaction)}
<section class="card facts">
<dl>
<dt>Referensi</dt><dd>${reference}</dd>
<dt>Nomor toko</dt><dd>${merchantRef}</dd>
<dt>Penyedia</dt><dd>${provider}</dd>
${refunds.length === 0 ? null : html`<dt>Dikembalikan</dt><dd>${rupiah(refundedSum(refunds))}</dd>`}
${feeCustomer > 0 ? html`<dt>Termasuk biaya</dt><dd>${rupiah(feeCustomer)}</dd>` : null}
${payCode === null ? null : html`<dt>Kode bayar</dt><dd>${payCode}</dd>`}
<dt>Berlaku sampai</dt><dd>${wib(expiresAt)}</dd>
</dl>
${qrString === null ? null : html`<p class="code" title="Isi kode QRIS">${qrString}</p>`}
</section>
${returnUrl === null ? null : html`<p><a href="${returnUrl}">Kembali ke toko</a></p>`}
</div>`;
}

function outcome({ status, paidAt }: Transaction): Html {
  if (status === "UNPAID") return html`<p class="quiet">Menunggu pembayaran</p>`;
  if (status === "PAID") {
    const time = paidAt === null ? null : html`<p class="quiet">${wib(paidAt)}</p>`;
    return html`<p class="lunas" role="status">Lunas</p>${time}`;
  }
  return html`<p class="ended" role="status">${statusWords[status]}</p>`;
}

function buttons({ reference, amount, status }: Transaction): Html | null {
  const action = `/checkout/${reference}`;
  if (status === "UNPAID") {
    const pay = html`<button class="pay">Bayar ${rupiah(amount)}</button>`;
    return html`<form method="post" action="${action}/pay">${pay}</form>
<div class="pair">
<form method="post" action="${action}/expire"><button class="no">Kedaluwarsakan</button></form>
<form method="post" action="${action}/fail"><button class="no">Gagalkan</button></form>
</div>`;
  }
  if (status === "EXPIRED") {
    const payLate = html`<button class="no">Bayar terlambat</button>`;
    return html`<form method="post" action="${action}/pay">${payLate}</form>`;
  }
  return status === "PAID"
    ? html`<form method="post" action="${action}/refund"><button class="no">Kembalikan dana</button></form>`
    : null;
}
