const strokes = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20 20",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  back: "M14.5 5 8 12l6.5 7",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7",
  erase: "M9 6h11v12H9l-5.5-6zM12 9.5l5 5M17 9.5l-5 5",
  sell: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  history: "M6 3.5h12V21l-2.4-1.6L13.2 21 12 19.7 10.8 21l-2.4-1.6L6 21zM9 8h6M9 12h6",
  today: "M5 20v-7M10 20V6M15 20v-9M20 20V9",
  settings:
    "M4 7h9M17 7h3M15 4.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4M4 17h3M11 17h9M9 14.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4",
  cash: "M3 7h18v10H3zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M6 10v4M18 10v4",
  qris: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5M20 14v2M14 20h2M19 19.5h1",
  print: "M7 8V4h10v4M5 8h14v8h-3M8 16H5V8M8 13h8v7H8z",
  share: "M12 15V4M8 7.5 12 4l4 3.5M6 11H5v9h14v-9h-1",
  check: "M5 12.5 10 17.5 19 7",
  outside: "M13 5h6v6M19 5l-8.5 8.5M16 14v5H5V8h5",
  shop: "M4 10v10h16V10M3 10l2-6h14l2 6c0 2-3 2.6-4.5.8C15 12.6 13 12.6 12 10.8 11 12.6 9 12.6 7.5 10.8 6 12.6 3 12 3 10M10 20v-5h4v5",
  staff:
    "M9 5a3.2 3.2 0 1 1 0 6.4A3.2 3.2 0 0 1 9 5M3 19.5c0-3.300 2.700-5.5 6-5.5s6 2.2 6 5.5M16 5.4a3.2 3.2 0 0 1 0 5.6M17.5 14.300c2.100.8 3.5 2.6 3.5 5.2",
  roles: "M12 3.5 19 6v5.5c0 4.300-2.900 7.5-7 9-4.100-1.5-7-4.700-7-9V6zM9 12l2.2 2.2L15.2 10",
  devices: "M6.5 3h11v18h-11zM10.5 18h3",
  sessions: "M14 4h5v16h-5M4 12h10M10.5 8.5 14 12l-3.5 3.5",
  apiKeys: "M8 11.5a4 4 0 1 1 0 8 4 4 0 0 1 0-8M11 12.700 19.5 4.2M16 7.700l2.5 2.5M13.300 10.4l1.8 1.8",
  audit: "M5 4h10l4 4v12H5zM14.5 4v4.5H19M8.5 12h7M8.5 16h5",
  forward: "M9.5 5 16 12l-6.5 7",
  copy: "M8.5 8.5H19V20H8.5zM5 15.5V4h10.5",
  giveBack: "M9 5 4 10l5 5M4 10h10a6 6 0 0 1 0 12h-1",
  alert: "M12 4 21 19.5H3zM12 10v4M12 16.7v.1",
} as const;

export type IconName = keyof typeof strokes;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={strokes[name]} />
    </svg>
  );
}
