/** English words a cashier or guest may use for what the shelf calls by its Indonesian name. */
const alsoCalled: Readonly<Record<string, string>> = {
  banana: "pisang", bean: "biji", beans: "biji", bread: "roti", cake: "kue", cassava: "singkong", cheese: "keju",
  chocolate: "cokelat", coconut: "kelapa", coffee: "kopi", cold: "es", donut: "donat", doughnut: "donat", drink: "minuman",
  food: "makanan", fried: "goreng", fries: "kentang", ginger: "jahe", hot: "panas", ice: "es", iced: "es", jasmine: "melati",
  juice: "jus", milk: "susu", mineral: "mineral", noodle: "mie", noodles: "mie", orange: "jeruk", palm: "aren", potato: "kentang",
  pulled: "tarik", rice: "nasi", snack: "camilan", tea: "teh", toast: "bakar", water: "air",
};

const plain = (text: string) => text.toLowerCase().normalize("NFD").replace(/\p{Diacritic}/gu, "");

/** Whether each word of `query`, in Indonesian or English, begins a word of `texts`; an empty query fits all. */
export function fits(query: string, ...texts: readonly string[]): boolean {
  const there = texts.flatMap((text) => plain(text).split(/[^a-z0-9]+/));
  const begins = (word: string) => there.some((one) => one.startsWith(word));
  return plain(query)
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .every((word) => begins(word) || begins(alsoCalled[word] ?? word));
}
