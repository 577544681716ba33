//! What documents say, what is refused, and what the schema and the reference say of both.

mod refused;
mod schema;
mod switches;
