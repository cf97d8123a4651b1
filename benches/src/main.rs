//! What paymux costs in time and memory. See `docs/benchmarks.md`.

fn main() {
    paymux_benches::run(None);
}
