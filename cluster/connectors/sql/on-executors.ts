// What executors load to read and write tables of databases: a bundle of its own, which they find by its path.
import { readPart } from './read';
import { writePart } from './write';

// Plain properties, and no getters: a function is known as a module's by its value.
export = { readPart, writePart };
