//! Simulcast: how many layers a picture is sent in, and which of them somebody is to receive.
//!
//! A layer is counted from the best, 0; each has half the rows and columns of the one before it. Who
//! receives learns the height of the best from the reference of the track: nothing else travels
//! with it.

use super::read_number;

/// From so many rows on a picture is sent in three layers.
pub const THREE_LAYERS: u32 = 540;

/// From so many rows on it is sent in two.
pub const TWO_LAYERS: u32 = 360;

/// In how many layers a picture of this height is sent.
pub const fn layers(height: u32) -> u8 {
    if height >= THREE_LAYERS {
        3
    } else if height >= TWO_LAYERS {
        2
    } else {
        1
    }
}

/// The smallest layer of a picture of this height that is as high as it is shown; the best where
/// nobody said how high, 0.
pub fn layer(height: u32, shown: u32) -> u8 {
    let mut best = 0;
    let mut rows = height;
    for layer in 1..layers(height) {
        rows /= 2;
        if shown > 0 && rows >= shown {
            best = layer;
        }
    }
    best
}

/// The height that stands at the end of a reference, after this sign; 0 where none does: then it is
/// sent in one layer.
pub fn height_in(reference: &str, sign: char) -> u32 {
    let last = reference.rsplit(sign).next().unwrap_or("");
    read_number(last).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_layer_that_is_high_enough_is_taken() {
        for (height, shown, expected) in [
            (720, 0, 0),
            (720, 720, 0),
            (720, 361, 0),
            (720, 360, 1),
            (720, 181, 1),
            (720, 180, 2),
            (720, 1, 2),
            (480, 240, 1),
            (480, 100, 1),
            (240, 10, 0),
            (0, 10, 0),
        ] {
            assert_eq!(layer(height, shown), expected, "{height} shown as {shown}");
        }
    }

    #[test]
    fn the_height_is_the_last_thing_in_a_reference() {
        assert_eq!(height_in("handle/camera-1-720", '-'), 720);
        assert_eq!(height_in("ana-1/2", '-'), 0);
        assert_eq!(height_in("", '-'), 0);
        assert_eq!(height_in("a-999999999999", '-'), 0);
    }
}
