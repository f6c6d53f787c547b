// What the component of the trend is made of.
export { drawing } from "./drawing.js";
export { gestures } from "./gestures.js";
