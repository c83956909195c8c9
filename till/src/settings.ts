import { createStore, kept, useStore } from "./store.ts";

export type Language = "id" | "en";
export type Theme = "light" | "dark" | "auto";
export type Settings = { readonly language: Language; readonly theme: Theme; readonly sound: boolean };

const place = kept(localStorage, "onegate.settings");

function read(): Settings {
  const first: Settings = { language: "id", theme: "auto", sound: true };
  try {
    return { ...first, ...(JSON.parse(place.read() ?? "{}") as Partial<Settings>) };
  } catch {
    return first;
  }
}

function show({ language, theme }: Settings): void {
  document.documentElement.lang = language;
  document.documentElement.dataset["theme"] = theme;
}

export const settings = createStore(read(), (value) => {
  place.write(JSON.stringify(value));
  show(value);
});
show(settings.get());

export function change(part: Partial<Settings>): void {
  settings.set({ ...settings.get(), ...part });
}

export const useSettings = () => useStore(settings);
