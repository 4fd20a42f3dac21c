import { conformanceTests } from "./suite.ts";

conformanceTests("unary");
