//! The program `formwork`.

fn main() {}
