export { rollup } from "./rollup.ts";
export { reportRoutes } from "./routes.ts";
