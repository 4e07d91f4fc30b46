"""Pages name the command that made them, with options that keep their value to themselves."""


def test_a_page_names_the_force_that_was_given(in_process, toy_folder, tmp_path) -> None:
    for _ in range(2):
        done = in_process(
            "train", toy_folder, "--recipe", "hog", "-o", tmp_path / "m.cvmodel", "--force"
        )
        assert done.returncode == 0, done.stderr
    assert "--force" in (tmp_path / "m.html").read_text()


def test_a_page_names_the_config_that_was_given(in_process, toy_folder, tmp_path) -> None:
    (tmp_path / "train.toml").write_text('recipe = "hog"\n')
    done = in_process(
        "train", toy_folder, "--config", tmp_path / "train.toml", "-o", tmp_path / "m.cvmodel"
    )
    assert done.returncode == 0, done.stderr
    assert "train.toml" in (tmp_path / "m.html").read_text()
