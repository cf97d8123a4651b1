//! What paymux costs in allocations. A program of its own, since an allocator that counts takes time.

fn main() {
    paymux_benches::run(Some(|what| allocation_counter::measure(&mut *what).count_total));
}
