//! The target that has this binary's name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    paymux_fuzz::run(env!("CARGO_BIN_NAME"), data);
});
