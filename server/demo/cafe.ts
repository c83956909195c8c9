import { ean13CheckDigit } from "../catalogue/index.ts";

/** The demo shop. All people, addresses and numbers in it are invented. */
export const CAFE = {
  name: "Kopi Senja",
  outlet: {
    name: "Kopi Senja Contoh",
    address: "Jl. Contoh No. 1, Bandung",
    phone: "+62 22 5550 0100",
    timeZone: "Asia/Jakarta",
    dayBegins: "00:00",
    receiptCode: "KS1",
    receiptHeader: "Kopi Senja",
    receiptFooter: "Terima kasih, sampai jumpa lagi",
  },
  staff: [
    { name: "Sari", role: "cashier", pin: "111111" },
    { name: "Bima", role: "manager", pin: "222222" },
    { name: "Ratna", role: "owner", pin: "333333" },
  ],
  wallets: [
    {
      username: "andi.contoh",
      email: "andi@contoh.invalid",
      phone: "+6281200000001",
      account: "ACC_001",
      rupiah: 1_000_000n,
    },
    {
      username: "citra.contoh",
      email: "citra@contoh.invalid",
      phone: "+6281200000002",
      account: "ACC_SRC_ABC",
      rupiah: 10_000_000n,
    },
    {
      username: "dewi.contoh",
      email: "dewi@contoh.invalid",
      phone: "+6281200000003",
      account: "ACC_DST_DEF",
      rupiah: 0n,
    },
  ],
} as const;

export const DEMO_PASSWORD = "rahasia-demo";

/**
 * The user that clients of the compatible APIs sign in as. The user's first wallet request opens the
 * account.
 */
export const TEST_USER = {
  username: "test",
  email: "test@contoh.invalid",
  phone: "+6281200000009",
  password: "password",
} as const;

type DemoProduct = readonly [
  picture: string,
  name: string,
  rupiah: bigint,
  stock: number,
  favourite?: "favourite",
];

/** Products by category: picture, name, price in whole rupiah, stock. */
export const MENU: ReadonlyArray<readonly [category: string, products: readonly DemoProduct[]]> = [
  [
    "Kopi",
    [
      ["kopi-susu", "Kopi Susu", 22_000n, 120, "favourite"],
      ["kopi-aren", "Kopi Aren", 24_000n, 120, "favourite"],
      ["latte", "Latte", 28_000n, 120, "favourite"],
      ["cappuccino", "Cappuccino", 28_000n, 120, "favourite"],
      ["americano", "Americano", 22_000n, 120],
      ["espresso", "Espresso", 18_000n, 120],
      ["mocha", "Mocha", 32_000n, 80],
      ["cold-brew", "Cold Brew", 30_000n, 40],
      ["es-kopi-kelapa", "Es Kopi Kelapa", 29_000n, 40],
      ["v60", "V60", 32_000n, 60],
    ],
  ],
  [
    "Bukan kopi",
    [
      ["teh-tarik", "Teh Tarik", 18_000n, 80],
      ["teh-melati", "Teh Melati", 12_000n, 100],
      ["es-teh-lemon", "Es Teh Lemon", 15_000n, 100, "favourite"],
      ["matcha-latte", "Matcha Latte", 30_000n, 60],
      ["wedang-jahe", "Wedang Jahe", 16_000n, 60],
      ["cokelat-panas", "Cokelat Panas", 26_000n, 60],
      ["air-mineral", "Air Mineral", 8_000n, 200],
      ["jus-jeruk", "Jus Jeruk", 22_000n, 40],
    ],
  ],
  [
    "Roti & kue",
    [
      ["roti-bakar", "Roti Bakar", 18_000n, 40, "favourite"],
      ["roti-sobek", "Roti Sobek", 20_000n, 24],
      ["croissant", "Croissant", 25_000n, 24],
      ["donat", "Donat", 12_000n, 36],
      ["kue-lapis", "Kue Lapis", 10_000n, 30],
      ["klepon", "Klepon", 10_000n, 6],
    ],
  ],
  [
    "Camilan & makan",
    [
      ["pisang-goreng", "Pisang Goreng", 16_000n, 40, "favourite"],
      ["singkong-keju", "Singkong Keju", 18_000n, 40],
      ["kentang-goreng", "Kentang Goreng", 20_000n, 40],
      ["nasi-goreng", "Nasi Goreng", 32_000n, 30],
      ["mie-goreng", "Mie Goreng", 30_000n, 30],
    ],
  ],
  ["Bawa pulang", [["biji-kopi", "Biji Kopi 250 g", 85_000n, 5]]],
];

/** An invented but well-formed EAN-13 for the n-th product. */
export function demoBarcode(n: number): string {
  const twelve = `8990000${String(n).padStart(5, "0")}`;
  return `${twelve}${ean13CheckDigit(twelve)}`;
}
