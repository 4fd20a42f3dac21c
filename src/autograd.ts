/** The namespace `autograd` of the package. */
export { grad, type GradOptions } from "./tensor/grad-mode.ts";
