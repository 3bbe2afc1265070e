package tools.java.testing;

/** Compiled for another machine. */
public record Word(String text) {}
