package tools.java.testing;

import java.util.List;

/** Compiled with the class of another jar. */
public record Sentence(List<Word> words) {}
