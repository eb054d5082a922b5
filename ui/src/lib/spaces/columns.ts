/** The columns of the list, for its heading and its rows alike. */
export const COLUMNS =
  "grid-cols-[minmax(0,1fr)_auto_48px] md:grid-cols-[minmax(0,1fr)_150px_138px_48px] lg:grid-cols-[minmax(0,1fr)_158px_140px_120px_104px] xl:grid-cols-[minmax(0,1fr)_164px_152px_140px_120px_112px_108px]";
