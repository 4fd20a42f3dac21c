import { conformanceTests } from "./suite.ts";

conformanceTests("reduce");
