/** Errors on their way from a child process or a thread: what a named refusal needs to stay one. */

export interface SentError {
  readonly message: string;
  /** The name of a refusal (`workload_invalid`) or of the system (`ENOENT`); absent for a bug. */
  readonly code?: string;
  /** The system call that failed, for an error of the system. */
  readonly syscall?: string;
  readonly stack?: string;
}

/** What is kept of anything that was thrown. */
export function sendError(thrown: unknown): SentError {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const text = (key: string): string | undefined => {
    const value: unknown = Reflect.get(thrown, key);
    return typeof value === 'string' ? value : undefined;
  };
  const [code, syscall] = [text('code'), text('syscall')];
  return {
    message: thrown.message,
    ...(code !== undefined && { code }),
    ...(syscall !== undefined && { syscall }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
  };
}

/** The error as it was thrown, for whoever names errors by their code. */
export function rebuildError({ message, code, syscall, stack }: SentError): Error {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, code !== undefined && { code }, syscall !== undefined && { syscall });
}
