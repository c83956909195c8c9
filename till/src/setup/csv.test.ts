import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readProducts, toRupiah, toText } from "./csv.ts";

const BARCODE = "8990000000198";

describe("a list of products", () => {
  it("is read as Indonesian spreadsheets write it: semicolons, Indonesian header, dots in thousands", () => {
    const { rows, faults } = readProducts(
      "\uFEFFNama Barang;Harga Jual;Kategori;Barcode;Stok\r\n" +
        `Kopi Tubruk;12.000;Kopi;${BARCODE};1.250\r\n\r\n"Roti ""Bakar""; keju";Rp 18.000,-;Roti;;\r\n`,
    );
    assert.deepEqual(faults, []);
    assert.deepEqual(rows, [
      { line: 2, name: "Kopi Tubruk", rupiah: 12_000, category: "Kopi", barcode: BARCODE, stock: 1_250 },
      { line: 4, name: 'Roti "Bakar"; keju', rupiah: 18_000, category: "Roti" },
    ]);
  });

  it("is read with commas and an English header in any order", () => {
    const { rows, faults } = readProducts('stock,Price,Product Name\n5,"25,000.00",Latte\n,18000,Tea');
    assert.deepEqual(faults, []);
    assert.deepEqual(
      rows.map(({ name, rupiah, stock }) => [name, rupiah, stock]),
      [
        ["Latte", 25_000, 5],
        ["Tea", 18_000, undefined],
      ],
    );
  });

  it("is read without a header, pasted from a sheet with tabs, or by hand", () => {
    assert.deepEqual(
      readProducts("Latte\t28.000\tKopi\nTeh\t8rb").rows.map(({ name, rupiah, category }) => [
        name,
        rupiah,
        category,
      ]),
      [
        ["Latte", 28_000, "Kopi"],
        ["Teh", 8_000, undefined],
      ],
    );
    assert.deepEqual(
      readProducts("Latte, 28000\nTeh, 8k").rows.map(({ name, rupiah }) => [name, rupiah]),
      [
        ["Latte", 28_000],
        ["Teh", 8_000],
      ],
    );
    assert.deepEqual(readProducts("Menu;12000").rows.length, 1, "a product may have a column's name");
  });

  it("names each line that can't be read, and reads the others", () => {
    const { rows, faults } = readProducts(
      [
        "nama;harga;kategori;barcode;stok",
        "Latte;28.000;Kopi;;",
        ";5.000",
        "Teh;",
        "Kue;1,5",
        "Donat;7500,50",
        `Roti;9.000;;${BARCODE}`,
        "Air;4.000;;8990000000190",
        `Jus;9.000;;${BARCODE}`,
        "latte;1.000",
        "Mie;9.000;;;-3",
        `${"x".repeat(101)};1`,
      ].join("\n"),
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      ["Latte", "Roti"],
    );
    assert.deepEqual(
      faults.map(({ line, why }) => [line, why]),
      [
        [3, "name_missing"],
        [4, "price_missing"],
        [5, "price_unreadable"],
        [6, "price_unreadable"],
        [8, "barcode_wrong"],
        [9, "barcode_twice"],
        [10, "name_twice"],
        [11, "stock_unreadable"],
        [12, "name_long"],
      ],
    );
  });

  it("is refused when the columns can't be identified", () => {
    assert.deepEqual(
      readProducts("judul;keterangan\nLatte;enak").faults.map(({ line, why }) => [line, why]),
      [[1, "columns_unknown"]],
    );
    assert.deepEqual(
      readProducts("nama;kategori\nLatte;Kopi").faults.map(({ line, why }) => [line, why]),
      [[1, "columns_unknown"]],
    );
    assert.deepEqual(readProducts(""), { rows: [], faults: [] });
  });

  it("may have two thousand products; each line beyond is a fault", () => {
    const { rows, faults } = readProducts(
      Array.from({ length: 2_001 }, (_, i) => `Barang ${i};1000`).join("\n"),
    );
    assert.deepEqual(
      [rows.length, faults.map(({ line, why }) => [line, why])],
      [2_000, [[2_001, "too_many"]]],
    );
  });

  it("may write whole rupiah in any common notation; other prices are refused", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (rupiah) => {
        const dots = String(rupiah).replace(/\B(?=([0-9]{3})+$)/g, ".");
        const commas = dots.replaceAll(".", ",");
        for (const text of [
          String(rupiah),
          dots,
          `Rp${dots}`,
          `Rp. ${dots}`,
          `IDR ${rupiah}`,
          `${dots},00`,
          `${commas}.00`,
          `${dots},-`,
        ])
          assert.equal(toRupiah(text), rupiah, text);
      }),
    );
    for (const text of [
      "",
      "-5",
      "1.5",
      "12.5000",
      "1.000.00,0",
      "12,345.6",
      "gratis",
      "1e5",
      "8,99E+12",
      "9".repeat(13),
    ])
      assert.equal(toRupiah(text), undefined, text);
  });

  it("loses no line: each is a product or a fault", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.stringMatching(/^[A-Za-z ";,]{0,12}$/),
            price: fc.oneof(fc.nat().map(String), fc.constantFrom("x", "", "1.000")),
          }),
          { maxLength: 20 },
        ),
        (products) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const { rows, faults } = readProducts(
            ["nama;harga", ...products.map(({ name, price }) => `${quoted(name)};${price}`)].join("\n"),
          );
          const there = products.filter(({ name, price }) => name.trim() !== "" || price !== "").length;
          assert.equal(rows.length + faults.length, there);
        },
      ),
    );
  });

  it("may be UTF-8 or Windows-1252, as old spreadsheets save it", () => {
    assert.equal(toText(new TextEncoder().encode("Café").buffer), "Café");
    assert.equal(toText(new Uint8Array([0x43, 0x61, 0x66, 0xe9]).buffer), "Café");
  });
});
