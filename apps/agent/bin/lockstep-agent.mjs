#!/usr/bin/env node
// The command is committed so that the package manager can link it before the first build.
import '../dist/main.js';
