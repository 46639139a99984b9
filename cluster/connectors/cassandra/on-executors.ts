// What executors load to read and write tables of Cassandra: a bundle of its own, which they find by its path.
import { joined, readPart } from './read';
import { writePart } from './write';

// Plain properties, and no getters: a function is known as a module's by its value.
export = { readPart, joined, writePart };
