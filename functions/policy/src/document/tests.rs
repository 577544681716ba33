//! What documents say, what is refused, and what the schema and the reference say of both.

mod add_ons;
mod clusters;
mod refused;
mod schema;
mod switches;
mod uninspected;
