"""The split is a promise to everybody who compares numbers: it must never move."""

from styletransfer.training.holdout import is_held_out_photo, is_held_out_style


def test_the_same_photos_are_held_out_for_ever() -> None:
    names = [f"cloth_{number:05}.webp" for number in range(2700)]
    held_out = [name for name in names if is_held_out_photo(name)]
    assert {"cloth_02218.webp", "cloth_01896.webp", "cloth_01945.webp"} <= set(held_out)
    assert 100 < len(held_out) < 170


def test_folder_and_suffix_do_not_matter() -> None:
    assert is_held_out_photo("photos/cloth_02218.jpg")
    assert is_held_out_style("./styles/painting_003.webp")
    assert is_held_out_style("painting_3.png")


def test_only_the_first_ten_paintings_are_held_out() -> None:
    names = [f"painting_{number:03}.webp" for number in range(53)]
    assert [name for name in names if is_held_out_style(name)] == names[:10]
    assert not is_held_out_style("oil_003.webp")
    assert not is_held_out_style("my_painting_003.webp")
