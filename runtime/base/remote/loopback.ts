// Which hosts are this machine alone.

/** Whether a host is this machine, and no other can reach it. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);
