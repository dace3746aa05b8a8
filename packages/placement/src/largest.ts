/**
 * The most bytes in whole extents, up to a bound, for which a test holds that holds for less whenever it holds for more; 0
 * when it holds for no extent at all.
 */
export const largestFitting = (atMostBytes: number, extentBytes: number, fits: (bytes: number) => boolean): number => {
  if (extentBytes <= 0) return 0;
  let fitting = 0;
  let tooMany = Math.floor(atMostBytes / extentBytes) + 1;
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (fits(middle * extentBytes)) fitting = middle;
    else tooMany = middle;
  }
  return fitting * extentBytes;
};
