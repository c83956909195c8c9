import "@fontsource-variable/plus-jakarta-sans/wght.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { watchAddress } from "./doors.ts";
import { client } from "./server.ts";
import "./tokens.css";
import "./base.css";
import "./screens/frame.css";
import "./screens/sell.css";
import "./screens/payment.css";
import "./screens/paid.css";
import "./screens/today.css";

watchAddress();

const place = document.getElementById("till");
if (!place) throw new Error("index.html has no element with the id till");
createRoot(place).render(
  <QueryClientProvider client={client}>
    <App />
  </QueryClientProvider>,
);

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}
