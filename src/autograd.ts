/** The namespace `autograd` of the package. */
export { type GradOptions, grad } from "./tensor/grad-mode.ts";
export { type Differentiable, type GradcheckOptions, gradcheck } from "./tensor/gradcheck.ts";
