/* The outline of one mask of any image: {box, rings}. */
answers.cutout = ({counts, height}) => {
  const [mask] = Runs.masks([counts], height);
  return {answer: {box: mask.box, rings: Draw.outline(mask, height)}};
};
