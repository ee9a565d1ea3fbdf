"""Photos drawn by the program: flowers of made-up species, for a demo that downloads nothing.

In come numbers of species and photos, a seed and a size; out go JPEGs with their label.csv. May import
`ablation.running`.

A species is a genome (`Species`) that fixes shape, colours and pattern; a photo adds pose, light,
background, blur and noise.

Every random number comes from a stream named by (purpose, seed, species, photo). So a photo never depends
on how many others are drawn, nor on their order. Lengths are fractions of the short side or of the
flower's radius, and the size of the picture comes in last, so one photo looks the same at any size.
"""
