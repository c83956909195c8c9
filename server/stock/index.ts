export { insertMovements as moveStock, selectLevels as stockLevels, updateLowMark as setLowMark, type Movement } from "./store.ts";
