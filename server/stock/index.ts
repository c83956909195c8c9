export { moveStock } from "./move-stock.ts";
export { selectLevels as stockLevels, selectOversold, updateLowMark as setLowMark, type Level, type Movement } from "./store.ts";
