/** The namespace `autograd` of the package. */
export {
  AutogradFunction as Function,
  type FunctionContext,
  type FunctionDefinition,
  type InputGradients,
} from "./tensor/autograd-function.ts";
export { detectAnomaly } from "./tensor/detect-anomaly.ts";
export { type GradOptions, grad } from "./tensor/grad-mode.ts";
export { type Differentiable, type GradcheckOptions, gradcheck, gradgradcheck } from "./tensor/gradcheck.ts";
