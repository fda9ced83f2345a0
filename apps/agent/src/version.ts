/** This agent's version: package.json's, kept equal by a test. */
export const AGENT_VERSION = '0.1.0';
