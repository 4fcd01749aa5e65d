//! imagery
