//! The scenario format: parse with positions, validate, resolve, schema
