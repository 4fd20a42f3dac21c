/**
 * Shows tests which programs the engine makes of what user code does.
 */
import type { Program } from "../kernel/program.ts";
import { verifyProgram } from "../kernel/verify.ts";
import { createInterpreterDevice } from "../runtime/interpreter-device.ts";
import { useEngine } from "./default.ts";
import { Engine } from "./engine.ts";

/**
 * The programs that an engine of its own compiles for `body`, verified, in the order they were asked for. The body
 * gets a function that carries out what is pending; what it has carried out by then is left out of the result when
 * it was called with "prepared".
 */
export async function recordPrograms(
  body: (flush: (stage?: "prepared") => Promise<void>) => void | Promise<void>,
  lanes = 4,
): Promise<Program[]> {
  const device = createInterpreterDevice({ lanes });
  let programs: Program[] = [];
  const { compile } = device;
  device.compile = (program) => {
    verifyProgram(program);
    programs.push(program);
    return compile.call(device, program);
  };
  const engine = new Engine(device);
  const before = useEngine(engine);
  try {
    await body(async (stage) => {
      await engine.flush();
      if (stage === "prepared") programs = [];
    });
    await engine.flush();
    return programs;
  } finally {
    await engine.close();
    if (before !== null) useEngine(before);
  }
}
