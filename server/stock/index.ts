export { moveStock } from "./move-stock.ts";
export {
  selectLevels as stockLevels,
  updateLowMark as setLowMark,
  type Level,
  type Movement,
} from "./store.ts";
