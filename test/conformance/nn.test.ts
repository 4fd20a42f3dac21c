import { conformanceTests } from "./suite.ts";

conformanceTests("nn");
